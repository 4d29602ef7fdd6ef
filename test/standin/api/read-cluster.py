"""A client that nobody here wrote reads a cluster: host, then the password on standard input; JSON on stdout."""
import json
import sys

from proxmoxer import ProxmoxAPI

password = sys.stdin.readline().rstrip("\n")
api = ProxmoxAPI(sys.argv[1], user="root@pam", password=password, verify_ssl=False)
print(json.dumps({
    "status": api.cluster.status.get(),
    "nodes": api.nodes.get(),
    "configured": api.cluster.config.nodes.get(),
    "version": api.version.get(),
}))
