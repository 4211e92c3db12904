// Spans of time, sizes and energies as people say them; as the terminal shows them too.

export function span(ms) {
  const s = Math.floor(ms / 1000), h = Math.floor(s / 3600), min = Math.floor((s % 3600) / 60);
  if (h > 0) return min > 0 ? `${h} h ${min} min` : `${h} h`;
  return min > 0 ? `${min} min` : `${s} s`;
}

export function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  while (n >= 1024 && at < units.length - 1) { n /= 1024; at += 1; }
  return `${n >= 10 || at === 0 ? Math.floor(n) : n.toFixed(1)} ${units[at]}`;
}

export function energy(mj) {
  const wh = mj / 3.6e6;
  if (wh < 0.1) return "0 Wh";
  if (wh < 10) return `${(Math.floor(wh * 10) / 10).toFixed(1)} Wh`;
  return wh < 1000 ? `${Math.floor(wh)} Wh` : `${(wh / 1000).toFixed(2)} kWh`;
}
