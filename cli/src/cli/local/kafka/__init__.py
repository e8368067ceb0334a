"""Apache Kafka on this machine: its program from Maven, one node in KRaft mode."""
