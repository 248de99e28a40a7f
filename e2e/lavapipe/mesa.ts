/**
 * @file Gets Mesa's software Vulkan driver, lavapipe, from Debian into a folder of ours, without touching the system: apt with
 * lists and caches of its own, then `dpkg -x`. Needs apt, the network and no rights.
 * Debian 12's own Mesa (22.3) lacks what WebGPU asks for, hence the backports; later Debians have a newer one.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { system } from "../browser.ts";

/** The Debian mirror that this machine already uses. */
function mirror(): string {
  const folder = "/etc/apt/sources.list.d";
  const more = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  const lines = ["/etc/apt/sources.list", ...more]
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => !line.trimStart().startsWith("#"));
  const address = lines.map((line) => /https?:\/\/[^ ]+\/debian\/?(?= |$)/.exec(line)?.[0]).find(Boolean);
  if (!address) throw new Error("no Debian mirror is configured");
  return address;
}

/** Unpacks the driver, its loader and the libraries that this machine lacks into `folder`. @throws Error saying why not. */
export function unpackMesa(folder: string): void {
  const { ID, VERSION_CODENAME: suite } = system();
  if (ID !== "debian" || !suite) throw new Error("apt's driver is only fetched on Debian");
  const work = `${folder}.${process.pid}`;
  const at = (name: string) => path.join(work, name);
  for (const name of ["lists/partial", "cache/archives/partial", "packages"]) mkdirSync(at(name), { recursive: true });
  try {
    const suites = suite === "bookworm" ? [suite, `${suite}-backports`] : [suite];
    const keys = "/usr/share/keyrings/debian-archive-keyring.gpg";
    writeFileSync(at("sources"), suites.map((name) => `deb [signed-by=${keys}] ${mirror()} ${name} main\n`).join(""));
    const options = [
      `Dir::Etc::sourcelist=${at("sources")}`,
      "Dir::Etc::sourceparts=-",
      `Dir::State::Lists=${at("lists")}`,
      `Dir::Cache=${at("cache")}`,
      "APT::Sandbox::User=root",
      "Debug::NoLocking=1",
      "Acquire::http::Timeout=20",
    ].flatMap((option) => ["-o", option]);
    const apt = (...words: string[]) =>
      execFileSync("apt-get", [...options, "-q", "-t", suites.at(-1) ?? suite, ...words], {
        cwd: at("packages"),
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 300_000,
      });
    apt("update");
    // `Inst name (version …)` is new to this machine, `Inst name [old] (version …)` an upgrade, which we leave alone.
    const plan = apt(
      "--simulate",
      "install",
      "--no-install-recommends",
      "mesa-vulkan-drivers",
      "libvulkan1",
      "libdrm2",
    );
    const missing = [...plan.matchAll(/^Inst (\S+) \(/gm)].map(([, name = ""]) => name);
    apt("download", ...new Set(["mesa-vulkan-drivers", "libvulkan1", "libdrm2", ...missing]));
    for (const name of readdirSync(at("packages")))
      execFileSync("dpkg", ["-x", path.join(at("packages"), name), at("mesa")], { stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
    renameSync(at("mesa"), folder);
  } catch (error) {
    const why = error instanceof Error && !("status" in error) ? error.message : "apt does not bring it";
    throw new Error(`no Mesa driver: ${why}`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
