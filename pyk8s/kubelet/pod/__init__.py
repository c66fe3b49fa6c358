"""A pod's description turned into what the runtime takes: sandbox and container configurations. Pure."""
