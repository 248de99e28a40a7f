"""Names in a golden that are not the gradient of a parameter."""

VALUES = {
    "eps", "errors", "last_hidden_state", "moments", "decoded", "latents",
    "loss", "inside", "error_winner", "error_loser", "error_winner_opponent", "error_loser_opponent",
}  # fmt: skip
