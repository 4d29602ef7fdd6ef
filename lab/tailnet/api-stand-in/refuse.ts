/** A refusal in the API's form; `status` inside is sometimes absent there too (tailscale.md 4.2). */
export function refuse(
  status: number,
  message: string,
  { data, headers }: { data?: unknown; headers?: Record<string, string> } = {},
): Response {
  return Response.json(
    { message, ...(data !== undefined && { data }), status },
    { status, ...(headers && { headers }) },
  );
}
