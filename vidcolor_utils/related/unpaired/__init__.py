"""Video translation without pairs (Bashkirova, Usman and Saenko, 2018)."""
