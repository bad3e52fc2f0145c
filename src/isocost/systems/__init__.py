"""Whatever answers: models, and the strategies that wrap them."""
