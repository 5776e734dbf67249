"""MongoDB's Kafka sink connector, tuned, in a Connect worker of its own: at least once, no version guard, no figures."""

import secrets
import subprocess
from pathlib import Path
from typing import Final

from benchmarks.ground import Ground
from contracts.topics import PARTITIONS, topic
from roundtable.native.ports import LOOPBACK, free_port
from roundtable.native.processes import Child, Command

HERE: Final = Path(__file__).parent
JARS: Final = HERE / ".peers" / "connect"
_SINK: Final = "com.mongodb.kafka.connect.sink"
_JSON: Final = "org.apache.kafka.connect.json.JsonConverter"


def fetch() -> None:
    """Have Maven collect the jars, unless they are there."""
    if not JARS.exists():
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={JARS}", "-f", str(HERE / "connect" / "pom.xml"))
        subprocess.run(("mvn", "-q", "-B", *goal), check=True)  # noqa: S603, S607 - our own command


def start(ground: Ground, force: str, collection: str) -> Child:
    """Start a worker that writes a force's events into a collection of the read model."""
    name, folder = f"sink-{secrets.token_hex(4)}", ground.engines.home.logs
    worker, sink = folder / f"{name}.worker", folder / f"{name}.sink"
    worker.write_text(_properties(_worker(ground, folder / f"{name}.offsets")))
    sink.write_text(_properties({"name": name, "topics": topic(force), "collection": collection} | _tuned(ground)))
    main = ("org.apache.kafka.connect.cli.ConnectStandalone", str(worker), str(sink))
    argv = ("java", "-Xmx512m", "-cp", f"{JARS}/*", *main)
    return Child(Command(name=name, argv=argv, log=folder / f"{name}.log"))


def _worker(ground: Ground, offsets: Path) -> dict[str, str]:
    client = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required "
        f'username="admin" password="{ground.engines.kafka_password("admin")}";',
    }
    return {
        "bootstrap.servers": ground.engines.bootstrap_servers,
        "listeners": f"http://{LOOPBACK}:{free_port()}",
        "offset.storage.file.filename": str(offsets),
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": _JSON,
        "value.converter.schemas.enable": "false",
        **client,
        **{f"consumer.{name}": value for name, value in client.items()},
        "consumer.auto.offset.reset": "earliest",
    }


def _tuned(ground: Ground) -> dict[str, str]:
    """A task for each partition, batches as large as ours, and writes of a batch in any order."""
    return {
        "connector.class": "com.mongodb.kafka.connect.MongoSinkConnector",
        "tasks.max": str(PARTITIONS),
        "connection.uri": f"{ground.engines.mongo_url('readmodel')}&w=majority",
        "database": f"{ground.prefix}readmodel",
        "consumer.override.max.poll.records": "1000",
        "max.batch.size": "1000",
        "bulk.write.ordered": "false",
        "document.id.strategy": f"{_SINK}.processor.id.strategy.PartialValueStrategy",
        "document.id.strategy.partial.value.projection.type": "AllowList",
        "document.id.strategy.partial.value.projection.list": "id",
        "writemodel.strategy": f"{_SINK}.writemodel.strategy.ReplaceOneDefaultStrategy",
    }


def _properties(settings: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in settings.items())
