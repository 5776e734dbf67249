"""Who may sign in where, as Kafka's nodes are told."""

from pathlib import Path

from roundtable.native.kafka.configuration import Listener, Node, server_properties

NODE = Node(
    data=Path("/data"),
    clients=Listener("kafka", 9092),
    controller=Listener("kafka", 9093),
    admin_password="of-the-administrator",
    controller_password="of-the-nodes",
    outside=Listener("example.org", 29092),
)


def properties(node: Node) -> dict[str, str]:
    return dict(line.split("=", 1) for line in server_properties(node).splitlines())


def test_nodes_alone_sign_in_by_plain_and_not_from_outside() -> None:
    found = properties(NODE)

    assert found["sasl.mechanism.inter.broker.protocol"] == "PLAIN"
    assert found["listener.name.clients.sasl.enabled.mechanisms"] == "SCRAM-SHA-512,PLAIN"
    assert found["listener.name.outside.sasl.enabled.mechanisms"] == "SCRAM-SHA-512"
    assert found["listener.name.controller.sasl.enabled.mechanisms"] == "PLAIN"
    known = {name: text.count(" user_") for name, text in found.items() if name.endswith("plain.sasl.jaas.config")}
    assert known == {"listener.name.clients.plain.sasl.jaas.config": 1, "listener.name.controller.plain.sasl.jaas.config": 1}
    assert ' user_controller="of-the-nodes"' in found["listener.name.clients.plain.sasl.jaas.config"]


def test_a_node_is_not_told_the_administrators_password() -> None:
    assert "of-the-administrator" not in server_properties(NODE)
