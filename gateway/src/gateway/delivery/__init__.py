"""Delivery: how people and programs that have no Kafka follow what happens."""
