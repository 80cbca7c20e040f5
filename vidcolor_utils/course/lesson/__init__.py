"""What makes a notebook a lesson: quiz, exercises with checks, a box with the map, figures."""
