"""HTTP habits that all services share: bodies, answers, lists, problems, OpenAPI."""
