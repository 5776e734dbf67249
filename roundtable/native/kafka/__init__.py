"""A real Apache Kafka on this machine: one KRaft node with SCRAM users and deny-by-default ACLs."""

from roundtable.native.kafka.server import Kafka, start

__all__ = ["Kafka", "start"]
