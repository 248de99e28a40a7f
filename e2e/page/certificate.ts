/** @file A key and a certificate that it signed itself, for a server of an hour's life that stands for hosts of the web. Source: RFC 5280. */
import { generateKeyPairSync, sign } from "node:crypto";

/** DER: a tag, a length in as few bytes as it takes, the contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const bytes = body.length < 256 ? [body.length] : [body.length >> 8, body.length & 255];
  const length = body.length < 128 ? bytes : [0x80 + bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const SEQUENCE = 0x30;
const sequence = (...contents: readonly Uint8Array[]): Buffer => der(SEQUENCE, ...contents);
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]));
const utcTime = (at: Date): Buffer => der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
const bits = (contents: Uint8Array): Buffer => der(0x03, Buffer.from([0]), contents);

const ECDSA_WITH_SHA256 = sequence(der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
const COMMON_NAME = der(0x06, Buffer.from("550403", "hex"));
const ALTERNATIVE_NAMES = der(0x06, Buffer.from("551d11", "hex"));

export function selfSigned(hosts: readonly string[]): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(hosts[0] ?? "")))));
  const names = sequence(...hosts.map((host) => der(0x82, Buffer.from(host))));
  const [from, to] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];
  const signed = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ECDSA_WITH_SHA256,
    name,
    sequence(utcTime(from), utcTime(to)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(ALTERNATIVE_NAMES, der(0x04, names)))),
  );
  const cert = sequence(signed, ECDSA_WITH_SHA256, bits(sign("sha256", signed, privateKey)));
  const lines = cert.toString("base64").replace(/.{64}/g, "$&\n");
  return {
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}
