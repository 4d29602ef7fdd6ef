import { X509Certificate } from "node:crypto";

/** A certificate as `pvenode cert info` and the API show it (proxmox.md 9); times in epoch seconds. */
export function certificateInfo(filename: string, pem: string): Record<string, unknown> {
  const certificate = new X509Certificate(pem);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  const key = asymmetricKeyType === "rsa" ? "rsaEncryption" : "id-ecPublicKey";
  const bits =
    asymmetricKeyDetails?.modulusLength ?? CURVE_BITS[asymmetricKeyDetails?.namedCurve ?? ""] ?? 256;
  return {
    filename,
    fingerprint: certificate.fingerprint256,
    subject: slashes(certificate.subject),
    issuer: slashes(certificate.issuer),
    notbefore: Date.parse(certificate.validFrom) / 1000,
    notafter: Date.parse(certificate.validTo) / 1000,
    san: names(certificate.subjectAltName),
    pem: `${/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0] ?? pem}\n`,
    "public-key-type": key,
    "public-key-bits": bits,
  };
}

const CURVE_BITS: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521 };

/** OpenSSL's one-line form, `/OU=.../CN=...`; an empty subject, as certificates by ACME have, is undefined in Bun. */
function slashes(name: string | undefined): string {
  if (!name) return "";
  return name
    .split("\n")
    .map((part) => `/${part}`)
    .join("");
}

function names(text: string | undefined): string[] {
  return (text ?? "")
    .split(", ")
    .filter((entry) => entry !== "")
    .map((entry) => entry.replace(/^[^:]+:/, ""));
}
