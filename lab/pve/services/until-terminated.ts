/** Resolves when systemd asks this service to end; `onReload` runs at each SIGHUP. */
export async function untilTerminated(onReload?: () => Promise<void>): Promise<void> {
  process.on("SIGHUP", () => {
    onReload?.().catch((error: unknown) => console.error(error));
  });
  await new Promise<void>((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
}
