"""The embedded stack: a real Apache Kafka and a real MongoDB on this machine, without Docker.

    with start_engines(folder) as engines:
        engines.bootstrap_servers              # "127.0.0.1:21500"
        engines.kafka_password("meetings")     # SCRAM-SHA-512 over SASL_PLAINTEXT
        engines.kafka_client("readmodel")      # the same as a librdkafka configuration
        engines.mongo_url("concerns")          # "mongodb://concerns:…@127.0.0.1:…/?replicaSet=rs0&authSource=admin"
        engines.home.keys                      # the folder of the key-encryption keys
        add_force(engines.provisioning, "northamptonshire")

The folder keeps data, passwords, ports and logs; a second start on it finds them. Kafka's jars are shared by all
folders: `~/.cache/roundtable/kafka-<version>`, or below `ROUNDTABLE_CACHE`.
"""

from roundtable.native.engines import Engines, start_engines

__all__ = ["Engines", "start_engines"]
