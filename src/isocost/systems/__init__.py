"""Whatever answers: models (endpoints, embedded, replayed, synthetic) and the strategies that wrap them."""
