"""Local offices to practise with: a real TLS socket, the answers of the authorities' interfaces, misbehaviour on demand."""
