/**
 * Calls that the excerpt of the schema lacks (proxmox.md 11 has them), in the schema's own shape, from
 * qemu-server's and pve-storage's public sources.
 */
export const UNLISTED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "/nodes/{node}/qemu/{vmid}": {
    DELETE: {
      allowtoken: 1,
      protected: 1,
      proxyto: "node",
      permissions: { check: ["perm", "/vms/{vmid}", ["VM.Allocate"]] },
      parameters: parameters({
        skiplock: { type: "boolean", optional: 1 },
        purge: { type: "boolean", optional: 1 },
        "destroy-unreferenced-disks": { type: "boolean", optional: 1, default: 0 },
      }),
      returns: { type: "string" },
    },
  },
  "/nodes/{node}/qemu/{vmid}/feature": {
    GET: {
      allowtoken: 1,
      protected: 1,
      proxyto: "node",
      permissions: { check: ["perm", "/vms/{vmid}", ["VM.Audit"]] },
      parameters: parameters({
        feature: { type: "string", enum: ["snapshot", "clone", "copy"] },
        snapname: { type: "string", format: "pve-configid", maxLength: 40, optional: 1 },
      }),
      returns: {
        type: "object",
        properties: {
          hasFeature: { type: "boolean" },
          nodes: { type: "array", items: { type: "string" } },
        },
      },
    },
  },
  "/nodes/{node}/qemu/{vmid}/agent/exec": {
    POST: {
      ...agent(),
      parameters: parameters({
        command: { type: "array" },
        "input-data": { type: "string", maxLength: 65_536, optional: 1 },
      }),
      returns: { type: "object", properties: { pid: { type: "integer" } } },
    },
  },
  "/nodes/{node}/qemu/{vmid}/agent/exec-status": {
    GET: {
      ...agent(),
      parameters: parameters({ pid: { type: "integer" } }),
      returns: {
        type: "object",
        properties: {
          exited: { type: "boolean" },
          exitcode: { type: "integer", optional: 1 },
          signal: { type: "integer", optional: 1 },
          "out-data": { type: "string", optional: 1 },
          "err-data": { type: "string", optional: 1 },
        },
      },
    },
  },
  "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces": {
    GET: { ...agent("VM.GuestAgent.Audit"), parameters: parameters({}), returns: { type: "object" } },
  },
};

function agent(more?: string): object {
  const privileges = ["VM.GuestAgent.Unrestricted", ...(more === undefined ? [] : [more])];
  return {
    allowtoken: 1,
    protected: 1,
    proxyto: "node",
    permissions: { check: ["perm", "/vms/{vmid}", privileges, "any", 1] },
  };
}

function parameters(own: object): object {
  const properties = {
    node: { type: "string", format: "pve-node" },
    vmid: { type: "integer", format: "pve-vmid", minimum: 100, maximum: 999_999_999 },
    ...own,
  };
  return { additionalProperties: 0, properties };
}
