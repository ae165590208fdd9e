"""The edge to vcrpy: its serializer, a `Cassette` subclass, and plain YAML."""
