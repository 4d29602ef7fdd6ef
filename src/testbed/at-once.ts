/**
 * Does the same for all at once, and lets each come to its end before the first trouble is told: a VM that is
 * half way through a rollback is not left to itself.
 */
export async function atOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const settled = await Promise.allSettled(items.map(work));
  return settled.map((one) => {
    if (one.status === "fulfilled") return one.value;
    throw one.reason;
  });
}
