"""What counts as right: one file a kind of grader."""
