import { expect, test } from "bun:test";
import { hasListener } from "../../../../lab/tailnet/ready.ts";

const HEADER =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const tcp = (local: string, remote: string, state: string) =>
  `${HEADER}   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 27412 1\n`;

test("a listening TCP socket is found by its port", () => {
  expect(hasListener(tcp("0300420A:01BB", "00000000:0000", "0A"), 443)).toBe(true);
});

test("a bound UDP socket is found by its port", () => {
  expect(hasListener(tcp("0300420A:0035", "00000000:0000", "07"), 53)).toBe(true);
});

test("a connection from that port is no listener", () => {
  expect(hasListener(tcp("0300420A:01BB", "0400420A:C350", "01"), 443)).toBe(false);
});

test("another port is another port", () => {
  expect(hasListener(tcp("0300420A:11BB", "00000000:0000", "0A"), 443)).toBe(false);
});
