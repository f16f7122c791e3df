/* view.js - elements, numbers in words, colours, and what is chosen. */
const by_id = id => document.getElementById(id);

/* el("td", {class: "number"}, "12", other) - text is text, never markup. */
function el(tag, attributes, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
        if (name.startsWith("on"))
            e.addEventListener(name.slice(2), value);
        else if (value === true)
            e.setAttribute(name, "");
        else if (value !== false && value !== null && value !== undefined)
            e.setAttribute(name, value);
    }
    e.append(...children.filter(c => c !== null && c !== undefined));
    return e;
}

function svg(tag, attributes, ...children) {
    const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes))
        e.setAttribute(name, value);
    e.append(...children);
    return e;
}

/* options: [value, text], or [value, text, group]. */
function select_of(label, options, chosen, change) {
    const s = el("select", { onchange: () => change(s.value) }), groups = new Map();
    for (const [value, text, group] of options) {
        const option = el("option", { value, selected: value === chosen }, text);
        if (group && !groups.has(group)) {
            groups.set(group, el("optgroup", { label: group }));
            s.append(groups.get(group));
        }
        (group ? groups.get(group) : s).append(option);
    }
    return el("label", {}, label, s);
}

/* Columns to choose from, by their groups; measured while training are those
 * of none. */
function column_options(names) {
    const order = report.head.columns.map(c => c.name);
    const place = c => order.includes(c.name) ? order.indexOf(c.name) : order.length;
    return names.map(column_of).sort((a, b) => place(a) - place(b))
        .map(c => [c.name, c.name, c.group]);
}

function check_of(label, is_on, change) {
    const box = el("input", { type: "checkbox", onchange: () => change(box.checked) });
    box.checked = is_on;
    return el("label", { class: "inline" }, box, label);
}

function say(text) {
    by_id("said").textContent = text;
}

/* ---- numbers ------------------------------------------------------------- */

/* As printf does: of two as near, the even one. As near are they only if v is an odd
 * multiple of 2^-(digits + 1), whatever v * 10^digits is rounded to. */
function fixed(v, digits) {
    const floor = Math.floor(Math.abs(v) * 10 ** digits);
    const is_tie = Math.abs(v) * 2 ** (digits + 1) % 2 === 1;
    const text = is_tie && floor % 2 === 0
        ? (Math.sign(v) * floor / 10 ** digits).toFixed(digits) : v.toFixed(digits);
    return text.replace(/^-([0.]*)$/, "$1");
}

function show_number(v, digits) {
    if (v === null || v === undefined)
        return "\u2013";
    if (Number.isNaN(v))
        return "nan";
    if (!Number.isFinite(v))
        return v > 0 ? "inf" : "-inf";
    if (v !== 0 && (Math.abs(v) >= 1e6 || Math.abs(v) < 0.5 * 10 ** -digits))
        return v.toPrecision(3);
    return fixed(v, digits);
}

/* As tables show it: shares in percent. */
function show_value(v, column) {
    if (v === null || v === undefined)
        return "\u2013";
    return column.share && Number.isFinite(v)
        ? fixed(100 * v, column.digits) + "\u00a0%" : show_number(v, column.digits);
}

function show_spread(v, column) {
    const scaled = column.share ? 100 * v : v;
    return Number.isFinite(v) ? "\u00b1\u00a0" + (Math.abs(scaled) < 1
        ? fixed(scaled, column.digits) : show_number(scaled, column.digits)) : "";
}

/* What a figure of it says below: definition, whose, and what it was measured
 * on; and beside its axis. */
function caption_of(column) {
    return column.name + (column.definition ? ": " + column.definition : "") +
        (/proxy weight/.test(column.definition) ? "; proxy weight: a token's part in the sum of its row's " +
            "weights, all without sign" : "") +
        (column.source ? " [" + column.source + "]" : "") +
        (column.measured ? " (" + column.measured + ")" : "");
}

/* of_cells: of each head, layer or position, not of the number that stands for all. */
function title_of(column, of_cells) {
    return (column.title || column.name) + (of_cells ? "" : column.of_all || "") +
        (column.unit ? ", " + column.unit : "");
}

/* A share is not below 0, where all are 0 the axis is that of the whole, and if it cannot
 * exceed 1 the axis does not for the sake of a band alone, as mean and spread may.
 * Returns whether that cuts bands. */
function bound_share(axis, column, values, bands) {
    if (!column || !column.share || axis.type === "logarithmic" || values.some(v => v < 0))
        return false;
    axis.min = 0;
    if (values.every(v => !(v > 0)))
        axis.max = 1;
    else if (bands && column.bounded && bands.some(v => v > 1))
        axis.max = 1;
    return !!bands && bands.some(v => v < 0 || v > axis.max);
}

/* As short as reads back, for ticks, which may stand at measured values. */
function show_tick(v, is_share) {
    if (is_share)
        return +(100 * v).toPrecision(4) + "\u00a0%";
    const size = Math.abs(v);
    if (size >= 1e9) return +(v / 1e9).toPrecision(12) + "G";
    if (size >= 1e6) return +(v / 1e6).toPrecision(12) + "M";
    if (size >= 1e4) return +(v / 1e3).toPrecision(12) + "k";
    return String(+v.toPrecision(12));
}

/* Labels of ticks; on a logarithmic axis of those first digits alone that leave room. */
function label_ticks(axis, is_share) {
    const is_log = axis.type === "logarithmic";
    axis.ticks.autoSkip = !is_log;
    axis.ticks.callback = function (v) {
        const decades = Math.log10(this.max / this.min);
        const digits = decades < 0.7 ? "123456789" : decades < 1.2 ? "1235" : decades < 3 ? "125" : "1";
        const first = v.toExponential(6).replace(/\.?0*e.*/, "");
        return is_log && (first.length > 1 || !digits.includes(first)) ? "" : show_tick(v, is_share);
    };
}

/* ---- colours and marks --------------------------------------------------- */

const COLOURS = 8;
const MARKS = ["circle", "triangle", "rect", "rectRot", "crossRot", "star", "cross", "circle"];
const DASHES = [[], [7, 3], [2, 2], [8, 3, 2, 3], [12, 4], [4, 2, 1, 2], [1, 3], [10, 2, 2, 2, 2, 2]];

/* Groups beyond the eighth have the colours again, each with another mark and dash: no
 * two of 64 look the same, whether lines or marks alone are drawn. */
function look_of(group) {
    const i = group.number, style = getComputedStyle(document.documentElement);
    const shifted = i + Math.floor(i / COLOURS), mark = shifted % MARKS.length;
    return { colour: style.getPropertyValue("--c" + i % COLOURS).trim(),
             mark: MARKS[mark], hollow: mark === MARKS.length - 1,
             dash: DASHES[shifted % DASHES.length] };
}

function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function faint(hex, share) {
    return hex + Math.round(share * 255).toString(16).padStart(2, "0");
}

/* The line and the mark of a group, as curves have them. */
function swatch(group) {
    const look = look_of(group), c = "var(--c" + group.number % COLOURS + ")";
    const shapes = {
        circle: () => svg("circle", { cx: 16, cy: 8, r: 4, stroke: c, "stroke-width": 1.5,
                                      fill: look.hollow ? "var(--back)" : c }),
        triangle: () => svg("path", { d: "M16 3l5 9h-10z", fill: c }),
        rect: () => svg("rect", { x: 12, y: 4, width: 8, height: 8, fill: c }),
        rectRot: () => svg("path", { d: "M16 3l5 5-5 5-5-5z", fill: c }),
        crossRot: () => svg("path", { d: "M12 4l8 8M20 4l-8 8", stroke: c, "stroke-width": 2 }),
        cross: () => svg("path", { d: "M16 3v10M11 8h10", stroke: c, "stroke-width": 2 }),
        star: () => svg("path", { d: "M16 3v10M11 8h10M12.5 4.5l7 7M19.5 4.5l-7 7", stroke: c,
                                  "stroke-width": 1.5 }),
    };
    return svg("svg", { width: 32, height: 16, "aria-hidden": "true" },
        svg("line", { x1: 0, x2: 32, y1: 8, y2: 8, stroke: c, "stroke-width": 2,
                      "stroke-dasharray": look.dash.join(" ") }),
        shapes[look.mark]());
}

/* What the marks of a picture mean, of the groups that are shown: no choice, as the
 * legend of curves is. */
function make_key() {
    const list = el("ul", { class: "legend" });
    when_chosen(() => list.replaceChildren(...shown_groups().map(g =>
        el("li", {}, swatch(g), el("span", {}, g.label)))));
    return list;
}

/* cividis (Nunez, Anderton and Renslow, PLoS ONE 13, 2018): even in lightness,
 * and the same to most eyes. */
const CIVIDIS = [[0, 34, 78], [18, 53, 112], [59, 73, 108], [87, 93, 109], [112, 113, 115],
    [138, 134, 120], [165, 156, 116], [195, 179, 105], [225, 204, 85], [254, 232, 56]];

/* Of a share from 0 to 1: {back, text}. */
function shade(x) {
    const at = Math.min(1, Math.max(0, x)) * (CIVIDIS.length - 1);
    const i = Math.min(CIVIDIS.length - 2, Math.floor(at)), f = at - i;
    const rgb = CIVIDIS[i].map((c, k) => Math.round(c + f * (CIVIDIS[i + 1][k] - c)));
    return { back: `rgb(${rgb})`, text: x < 0.52 ? "#ffffff" : "#000000" };
}

/* ---- what is chosen, in all figures alike -------------------------------- */

/* All, or of more than ALL_MOST so many. */
const SHOWN_AT_FIRST = 8, ALL_MOST = 16;
const chosen = { groups: new Set(), listeners: [] };

function when_chosen(f) {
    chosen.listeners.push(f);
}

function tell_chosen() {
    for (const f of chosen.listeners)
        f();
}

function shown_groups() {
    return report.groups.filter(g => chosen.groups.has(g.number));
}

/* ---- light and dark ------------------------------------------------------ */

const THEMES = { "": "as the system", light: "light", dark: "dark" };

function set_theme(name) {
    const root = document.documentElement;
    if (name)
        root.dataset.theme = name;
    else
        delete root.dataset.theme;
    by_id("theme").textContent = "Colours: " + THEMES[name];
    tell_chosen();
}

function next_theme() {
    const names = Object.keys(THEMES);
    const now = document.documentElement.dataset.theme || "";
    set_theme(names[(names.indexOf(now) + 1) % names.length]);
}
