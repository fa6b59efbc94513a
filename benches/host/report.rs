//! What was measured, as text or as one JSON object a line.

use std::time::Duration;

use serde_json::json;

use crate::crowd::Arrivals;
use crate::throughput::{Comparison, Turn};

/// Above the lines about throughput.
pub fn heading(is_json: bool) {
    if !is_json {
        println!(
            "Loopback; viewers share this machine's cores with the server. Turns of host and QUIC alone: half (least–most)"
        );
    }
}

/// The middle one, the least and the most.
fn spread(mut numbers: Vec<f64>) -> [f64; 3] {
    numbers.sort_by(f64::total_cmp);
    [numbers.len() / 2, 0, numbers.len() - 1].map(|place| numbers[place])
}

/// A number of each turn, of one of the two.
fn of(comparison: &Comparison, which: usize, number: impl Fn(&Turn) -> f64) -> [f64; 3] {
    spread(comparison.turns.iter().map(|turn| number(&turn[which])).collect())
}

/// The host and QUIC alone.
pub fn throughput(comparison: &Comparison, is_json: bool) {
    let connections = comparison.connections;
    let [host_rate, plain_rate] = [0, 1].map(|which| of(comparison, which, Turn::rate));
    let [host_cost, plain_cost] = [0, 1].map(|which| of(comparison, which, Turn::cost));
    let [host_share, plain_share] = [0, 1].map(|which| of(comparison, which, |turn| turn.shares()[0])[0]);
    let [host_viewers, plain_viewers] = [0, 1].map(|which| of(comparison, which, |turn| turn.shares()[1])[0]);
    let ratio = |number: fn(&Turn) -> f64| {
        spread(comparison.turns.iter().map(|[host, plain]| number(host) / number(plain)).collect())
    };
    let (rates, costs) = (ratio(Turn::rate), ratio(Turn::cost));
    let bytes = comparison.turns.first().map_or(0, |[host, _]| host.bytes);
    if is_json {
        let line = json!({
            "bench": "host", "connections": connections, "turns": comparison.turns.len(), "turn_bytes": bytes,
            "host_gigabits_per_second": host_rate[0], "plain_gigabits_per_second": plain_rate[0],
            "host_cpu_seconds_per_gigabit": host_cost[0], "plain_cpu_seconds_per_gigabit": plain_cost[0],
            "rate_times": rates[0], "rate_times_min": rates[1], "rate_times_max": rates[2],
            "cpu_times": costs[0], "cpu_times_min": costs[1], "cpu_times_max": costs[2],
            "host_cores": host_share, "plain_cores": plain_share,
            "host_viewers_cores": host_viewers, "plain_viewers_cores": plain_viewers,
        });
        return println!("{line}");
    }
    println!("{connections} connections, {:.0} MB a turn", bytes as f64 / 1e6);
    let shown = |[half, least, most]: [f64; 3]| format!("{half:.2} ({least:.2}–{most:.2})");
    for (name, rate, cost, cores) in [
        ("the host", host_rate, host_cost, [host_share, host_viewers]),
        ("QUIC alone", plain_rate, plain_cost, [plain_share, plain_viewers]),
    ] {
        let [server, viewers] = cores;
        println!(
            "  {name:<11}{:>18} Gbit/s{:>20} CPU s a Gbit   busy cores: server {server:.2}, viewers {viewers:.2}",
            shown(rate),
            shown(cost)
        );
    }
    println!("  {:<11}{:>17}×{:>27}×", "the ratio", shown(rates), shown(costs));
}

/// Of times that are sorted, the one below which this part of them is.
fn quantile_millis(times: &[Duration], part: f64) -> Option<f64> {
    let place = (times.len() as f64 * part).ceil() as usize;
    Some(times.get(place.max(1) - 1)?.as_secs_f64() * 1e3)
}

/// Everybody at once, again and again with a new host each time: the time whose last of 95 in 100 is the middle one.
pub fn crowds(mut crowds: Vec<Arrivals>, is_json: bool) {
    let p95 = |arrivals: &Arrivals| quantile_millis(&arrivals.whole, 0.95).unwrap_or_default();
    crowds.sort_by(|a, b| p95(a).total_cmp(&p95(b)));
    let all = spread(crowds.iter().map(p95).collect());
    let Some(middle) = crowds.get(crowds.len() / 2) else { return };
    crowd(middle, all, is_json);
}

fn crowd(arrivals: &Arrivals, [_, least, most]: [f64; 3], is_json: bool) {
    let Arrivals { visitors, coarse, whole, opening_bytes, wall, cpu, answers } = arrivals;
    let [before, there, after] = answers;
    assert_eq!(whole.len(), *visitors, "some saw nothing, and {} were turned away", there.turned_away);
    let quantiles = |times| [0.5, 0.95, 1.0].map(|part| quantile_millis(times, part).unwrap_or_default());
    let (coarse, whole) = (quantiles(coarse), quantiles(whole));
    let a_visitor = |bytes: u64| bytes.saturating_sub(before.memory_bytes) as f64 / *visitors as f64;
    let (peak, staying) = (a_visitor(there.memory_peak_bytes), a_visitor(there.memory_bytes));
    let [host, viewers] = cpu.map(|cpu| cpu.as_secs_f64() / wall.as_secs_f64());
    if is_json {
        let line = json!({
            "bench": "host", "visitors": visitors, "opening_bytes": opening_bytes,
            "coarse_view_millis_half": coarse[0], "coarse_view_millis_95": coarse[1], "coarse_view_millis_most": coarse[2],
            "first_view_millis_half": whole[0], "first_view_millis_95": whole[1], "first_view_millis_most": whole[2],
            "first_view_millis_95_min": least, "first_view_millis_95_max": most,
            "retries": there.retries, "turned_away": there.turned_away,
            "memory_bytes_before": before.memory_bytes, "memory_bytes_peak": there.memory_peak_bytes,
            "memory_bytes_there": there.memory_bytes, "memory_bytes_after": after.memory_bytes,
            "visitor_bytes_peak": peak, "visitor_bytes_there": staying,
            "host_cpu_seconds": cpu[0].as_secs_f64(), "viewers_cpu_seconds": cpu[1].as_secs_f64(),
            "host_cores": host, "viewers_cores": viewers,
        });
        return println!("{line}");
    }
    println!(
        "{visitors} visitors at the same moment, from one address, {} kB unasked for each",
        opening_bytes / 1000
    );
    let millis = |[half, p95, most]: [f64; 3]| format!("{half:.0} · {p95:.0} · {most:.0} ms");
    println!("  the coarsest tiles, half · 95 of 100 · last      {}", millis(coarse));
    println!(
        "  all of that, half · 95 of 100 · last             {} (95 of 100, other times: {least:.0}–{most:.0})",
        millis(whole)
    );
    println!("  asked to show their address (Retry)              {}", there.retries);
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!(
        "  host's memory before · peak · all there · gone   {:.1} · {:.1} · {:.1} · {:.1} MiB",
        mib(before.memory_bytes),
        mib(there.memory_peak_bytes),
        mib(there.memory_bytes),
        mib(after.memory_bytes)
    );
    println!(
        "  for each of them at the peak · staying           {:.0} · {:.0} KiB",
        peak / 1024.0,
        staying / 1024.0
    );
    let [host_seconds, viewers_seconds] = cpu.map(|cpu| cpu.as_secs_f64());
    println!(
        "  CPU time until then, busy cores: host · viewers  {host_seconds:.2} s, {host:.2} · {viewers_seconds:.2} s, {viewers:.2}"
    );
}
