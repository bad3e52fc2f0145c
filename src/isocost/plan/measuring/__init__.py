"""The parts of `plan.measure`: pairs of systems compared question by question, the error's shares, and the goals."""
