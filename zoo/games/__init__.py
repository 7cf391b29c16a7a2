"""Board games: an AlphaZero-style player beside alpha-beta and Monte Carlo tree search."""
