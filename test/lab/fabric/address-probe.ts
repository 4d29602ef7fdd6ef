/**
 * A program for a host's namespace, over UDP:
 *   bun address-probe.ts listen PORT                       answers everybody with the sender's address, 4 s long
 *   bun address-probe.ts ask SOURCE_PORT PORT ADDRESS...   asks each, prints the answers or "silence", one a line
 */
const [mode, ...args] = process.argv.slice(2);
if (mode === "listen") {
  await Bun.udpSocket({
    hostname: "0.0.0.0",
    port: Number(args[0]),
    socket: { data: (socket, _data, port, address) => void socket.send(`${address}:${port}`, port, address) },
  });
  await Bun.sleep(4_000);
} else {
  const [sourcePort, port, ...addresses] = args;
  const answers = new Map<string, string>();
  const socket = await Bun.udpSocket({
    hostname: "0.0.0.0",
    port: Number(sourcePort),
    socket: { data: (_socket, data, _port, address) => void answers.set(address, data.toString()) },
  });
  const deadline = Date.now() + 2_000;
  while (Date.now() < deadline && answers.size < addresses.length) {
    for (const address of addresses) if (!answers.has(address)) socket.send("?", Number(port), address);
    await Bun.sleep(100);
  }
  for (const address of addresses) console.log(answers.get(address) ?? "silence");
}
process.exit(0);
