import { dlopen, FFIType, ptr } from "bun:ffi";

/**
 * Asks the kernel for big buffers on a socket, past net.core.rmem_max (root may: socket(7),
 * SO_RCVBUFFORCE); Bun has no call for it. Gives the bytes of the receive buffer that the kernel granted.
 */
export function growBuffers(fd: number, bytes: number): number {
  const libc = dlopen("libc.so.6", {
    setsockopt: {
      args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
      returns: FFIType.i32,
    },
    getsockopt: {
      args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
      returns: FFIType.i32,
    },
  });
  const wanted = new Int32Array([bytes]);
  for (const option of [SO_RCVBUFFORCE, SO_SNDBUFFORCE]) {
    libc.symbols.setsockopt(fd, SOL_SOCKET, option, ptr(wanted), wanted.byteLength);
  }
  const granted = new Int32Array(1);
  const length = new Uint32Array([granted.byteLength]);
  libc.symbols.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, ptr(granted), ptr(length));
  libc.close();
  return granted[0] ?? 0;
}

/** The numbers of asm-generic/socket.h, the same on x86-64 and arm64. */
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
