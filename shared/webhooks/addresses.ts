import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * Which addresses a webhook may lead to: only what the internet routes. IANA's registries of special-purpose addresses
 * (RFC 6890 and its successors) name the rest.
 */
const REFUSED_IPV4 = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, and the metadata server
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarking
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
] as const) {
  REFUSED_IPV4.addSubnet(network, bits, 'ipv4');
}

/** Global unicast: everything else (loopback, link-local, unique local, multicast, IPv4-compatible) is refused. */
const UNICAST_IPV6 = new BlockList();
UNICAST_IPV6.addSubnet('2000::', 3, 'ipv6');

const REFUSED_IPV6 = new BlockList();
for (const [network, bits] of [
  ['2001::', 23], // protocol assignments: Teredo, ORCHID, benchmarking
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4, which holds an IPv4 address
  ['3fff::', 20], // documentation
] as const) {
  REFUSED_IPV6.addSubnet(network, bits, 'ipv6');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** @param address of either version; anything else is refused */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !REFUSED_IPV4.check(address, 'ipv4');
    case 6:
      return isPublicIpv6(address);
    default:
      return false;
  }
}

export const isLoopbackAddress = (address: string): boolean =>
  isIP(address) !== 0 && LOOPBACK.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');

function isPublicIpv6(address: string): boolean {
  if (address.includes('%')) return false; // a zone belongs to this machine
  const embedded = embeddedIpv4(address);
  if (embedded !== undefined) return isPublicAddress(embedded);
  return UNICAST_IPV6.check(address, 'ipv6') && !REFUSED_IPV6.check(address, 'ipv6');
}

const MAPPED = new BlockList();
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6'); // IPv4-mapped, RFC 4291
const NAT64 = new BlockList();
NAT64.addSubnet('64:ff9b::', 96, 'ipv6'); // RFC 6052; a network's own prefix is not known, and is no global unicast

/** The IPv4 address that a mapped or translated address leads to. */
function embeddedIpv4(address: string): string | undefined {
  const isMapped = MAPPED.check(address, 'ipv6') || address.toLowerCase().startsWith('::ffff:');
  if (!isMapped && !NAT64.check(address, 'ipv6')) return undefined;
  const dotted = /(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  // The canonical form of the URL standard ends with the last 32 bits in two groups, of which zeros may be left out.
  const [, high = '', low = ''] = /^(?:.*:)?([0-9a-f]*):([0-9a-f]*)$/i.exec(canonical(address)) ?? [];
  const number = (Number.parseInt(high || '0', 16) << 16) | Number.parseInt(low || '0', 16);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** As the URL standard serialises it. */
const canonical = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);
