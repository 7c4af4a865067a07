"""Real emitters of logs, each run as its documentation says, and what they wrote."""
