/* data.js - what the page shows: lines of JSON (report/html_data.h). Whatever a
 * user named is only ever set as text. */
const report = { head: null, keys: [], judged: [], groups: [], runs: [] };

/* Texts are numbers that JSON does not know, and those with all their digits. */
function number_of(x) {
    return x === "inf" ? Infinity : x === "-inf" ? -Infinity
        : typeof x === "string" ? Number(x) : typeof x === "number" ? x : NaN;
}

function read_numbers(owner, names) {
    for (const name of names)
        if (owner[name] !== null)
            owner[name] = number_of(owner[name]);
}

function read_curves(owner) {
    for (const curve of Object.values(owner.curves)) {
        const axis = owner.axes[curve.axis];
        curve.step = axis.step;
        curve.tokens = axis.tokens;
        curve.logged = axis.logged;
        curve.value = curve.value.map(number_of);
        if (curve.spread)
            curve.spread = curve.spread.map(number_of);
    }
}

function read_data(text) {
    for (const line of text.split("\n")) {
        if (!line.trim())
            continue;
        const one = JSON.parse(line);
        if (one.kind === "head")
            report.head = one;
        else if (one.kind === "config")
            report.keys = one.keys;
        else if (one.kind === "judged") {
            read_numbers(one, ["difference", "low", "high", "p"]);
            report.judged.push(one);
        } else if (one.kind === "group") {
            read_numbers(one.emerged, ["mean", "spread"]);
            report.groups.push(one);
        }
        else if (one.kind === "run")
            report.runs.push(one);
        if (one.curves)
            read_curves(one);
    }
    report.groups.forEach((g, i) => {
        g.number = i;
        g.members = report.runs.slice(g.first, g.first + g.runs);
    });
}

/* The runs of a group that its means are over. */
function counted_of(group) {
    return group.members.slice(0, group.counted);
}

function column_of(name) {
    const known = report.head.columns.concat(report.head.maps);
    return known.find(c => c.name === name) ||
        { name, share: false, digits: 4, title: "", unit: "", definition: "" };
}

/* The last value of a column: {value, spread, n, step}; null without one. */
function final_of(owner, name) {
    const c = owner.curves[name];
    const last = c ? c.step.length - 1 : -1;
    if (last < 0)
        return null;
    return { value: c.value[last], step: c.step[last], n: c.n || 1,
             spread: c.spread ? c.spread[last] : NaN };
}

/* The value of a key in a run's configuration; undefined where it is unknown. */
function key_value(run, name) {
    if (!run.config)
        return undefined;
    if (name in run.config)
        return run.config[name];
    const key = report.keys.find(k => k.key === name);
    return key ? key.value : undefined;
}

/* What a value of the key means that is no number ("no limit"); "": itself. */
function meaning_of(name, value) {
    const key = report.keys.find(k => k.key === name);
    return key && key.means[value] || "";
}

/* As tables of `compare` have it: "0 (no limit)". */
function key_words(name, value) {
    const meaning = meaning_of(name, value);
    return meaning ? value + " (" + meaning + ")" : value;
}

/* ---- maps: two letters of base 64 a number ------------------------------- */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const letter_value = new Uint8Array(128);
for (let i = 0; i < 64; i++)
    letter_value[LETTERS.charCodeAt(i)] = i;

function decode_map(map) {
    if (map.values || !map.data)
        return;
    const n = map.data.length / 2, scale = (map.high - map.low) / 4094;
    map.values = new Float64Array(n);
    for (let i = 0; i < n; i++) {
        const level = letter_value[map.data.charCodeAt(2 * i)] * 64 +
            letter_value[map.data.charCodeAt(2 * i + 1)];
        map.values[i] = level === 4095 ? NaN : map.low + level * scale;
    }
    map.inner = map.shape.reduce((a, b) => a * b, 1);
    map.data = null;
}

/* The map of a run, or the mean over those of a group at the steps that all of
 * them have: {steps, axes, shape, coordinates, values}; null: there is none. */
function map_of(owner, name) {
    if (owner.kind === "run") {
        const map = owner.maps[name];
        if (map)
            decode_map(map);
        return map && map.values ? map : null;
    }
    owner.means = owner.means || {};
    if (!(name in owner.means))
        owner.means[name] = mean_map(counted_of(owner).map(r => map_of(r, name)));
    return owner.means[name];
}

function mean_map(maps) {
    const first = maps[0];
    const alike = m => m && m.shape.join() === first.shape.join() &&
        m.axes.join() === first.axes.join();
    if (!first || !maps.every(alike))
        return null;
    const places = maps.map(m => new Map(m.steps.map((s, i) => [s, i])));
    const steps = first.steps.filter(s => places.every(p => p.has(s)));
    if (!steps.length)
        return null;
    const values = new Float64Array(steps.length * first.inner);
    steps.forEach((s, i) => maps.forEach((m, k) => {
        const from = places[k].get(s) * first.inner;
        for (let at = 0; at < first.inner; at++)
            values[i * first.inner + at] += m.values[from + at] / maps.length;
    }));
    return { steps, axes: first.axes, shape: first.shape, inner: first.inner,
             coordinates: first.coordinates, values };
}
