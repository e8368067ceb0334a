"""What facts are grouped and named by: small replicas of others' aggregates."""
