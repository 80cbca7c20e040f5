"""A blind survey: which of two films of one clip people take for the true one; trials, page, widget, scores."""
