/* finals.js - where runs ended: a metric against a setting, or against another
 * metric. */
const finals = { x: null, y: null, log: false, chart: null, caption: null };

function is_number(text) {
    return text !== undefined && text !== "" && Number.isFinite(Number(text));
}

/* Values of a key that are no numbers stand side by side, in the order of the groups
 * that are shown; a number that means something else ("no limit") behind the others. */
function words_of(key) {
    const values = shown_groups().flatMap(counted_of).map(r => key_value(r, key)).filter(v => v !== undefined);
    const words = [...new Set(values)], is_named = v => !!meaning_of(key, v);
    if (!values.every(is_number))
        return words;
    return words.some(is_named) ? words.sort((a, b) => is_named(a) - is_named(b) || a - b) : null;
}

function x_of(owner, run, name, words) {
    if (name.startsWith("key:")) {
        const v = key_value(run, name.slice(4));
        return v === undefined ? NaN : words ? words.indexOf(v) : Number(v);
    }
    const last = final_of(owner, name);
    return last ? last.value : NaN;
}

/* Ticks stand at these values, as far as there is room. */
function set_ticks(axis_options, values) {
    axis_options.afterBuildTicks = axis => {
        axis.ticks = values.filter(v => v >= axis.min && v <= axis.max).map(value => ({ value }));
    };
}

/* Small: runs; large: the means of groups. */
function final_sets(words) {
    const sets = [];
    for (const group of shown_groups()) {
        const look = look_of(group);
        const point = (owner, run) => {
            const last = final_of(owner, finals.y);
            return { x: x_of(owner, run, finals.x, words), y: last ? last.value : NaN, owner };
        };
        const style = { group, pointStyle: look.mark, backgroundColor: look.hollow
            ? colour("back") : look.colour, borderColor: look.colour, borderWidth: 1.5, clip: 12 };
        const keep = p => Number.isFinite(p.x) && Number.isFinite(p.y);
        sets.push(Object.assign({ data: counted_of(group).map(r => point(r, r)).filter(keep),
                                  pointRadius: 4, pointHoverRadius: 7 }, style));
        if (!report.head.single && group.counted > 1)
            sets.push(Object.assign({ data: [point(group, group.members[0])].filter(keep),
                                      pointRadius: 8, pointHoverRadius: 10 }, style));
    }
    return sets;
}

function draw_finals() {
    const is_key = finals.x.startsWith("key:"), name = is_key ? finals.x.slice(4) : finals.x;
    const words = is_key ? words_of(name) : null, word_at = i => meaning_of(name, words[i]) || words[i];
    const columns = { x: is_key ? null : column_of(name), y: column_of(finals.y) };
    const x = axis_style(), y = axis_style();
    x.type = finals.log && !words ? "logarithmic" : "linear";
    x.title = { display: true, text: is_key ? name : title_of(columns.x), color: colour("text") };
    if (is_key)
        x.ticks.callback = v => words ? word_at(v) || "" : show_tick(v, false);
    else
        label_ticks(x, columns.x.share);
    if (words) {
        Object.assign(x, { min: -0.5, max: words.length - 0.5 });
        x.ticks.stepSize = 1;
        set_ticks(x, words.map((w, i) => i));
    }
    y.title = { display: true, text: title_of(columns.y), color: colour("text") };
    y.ticks.callback = v => show_tick(v, columns.y.share);
    const show_x = v => words ? word_at(v) : columns.x ? show_value(v, columns.x) : String(v);
    const options = { parsing: false, scales: { x, y }, layout: { padding: 8 }, plugins: { tooltip: { callbacks: {
        label: p => (p.raw.owner.label || p.raw.owner.name) + (p.raw.owner.kind === "group" ? " (mean)" : "") +
            ": " + name + " " + show_x(p.parsed.x) + ", " + finals.y + " " + show_value(p.parsed.y, columns.y),
    } } } };
    const data = { datasets: final_sets(words) };
    if (is_key && !words)
        set_ticks(x, [...new Set(data.datasets.flatMap(d => d.data.map(p => p.x)))].sort((a, b) => a - b));
    bound_share(x, columns.x, data.datasets.flatMap(d => d.data.map(p => p.x)));
    bound_share(y, columns.y, data.datasets.flatMap(d => d.data.map(p => p.y)));
    if (finals.chart)
        Object.assign(finals.chart, { data, options }), finals.chart.update();
    else
        finals.chart = new Chart(finals.canvas, { type: "scatter", data, options });
    const shown = shown_groups().length;
    finals.caption.textContent = "A point is a run at the last step that it measured" +
        (report.head.single ? "" : "; a large one is the mean of a group") +
        (shown < report.groups.length ? "; of " + shown + " of " + report.groups.length +
            " groups, those that are ticked above" : "") + "." +
        [columns.y, columns.x].filter(c => c && c.measured).map(c => " " + c.name + ": " + c.measured + ".").join("");
    const n = data.datasets.reduce((sum, d) => sum + d.data.length, 0);
    finals.canvas.setAttribute("aria-label", finals.y + " at the end against " + name + ": " + n +
        " points; the table of runs has the same numbers.");
}

function make_finals(section) {
    const metrics = column_options(report.head.columns.map(c => c.name));
    const keys = report.head.keys.concat(report.head.over).map(k => ["key:" + k, k, "settings"]);
    finals.y = report.head.metric;
    finals.x = keys.length ? keys[0][0] : report.head.loss;
    finals.canvas = el("canvas", { role: "img" });
    finals.caption = el("figcaption", {});
    section.append(el("div", { class: "controls" },
        select_of("x axis", keys.concat(metrics), finals.x, v => { finals.x = v; draw_finals(); }),
        select_of("y axis", metrics, finals.y, v => { finals.y = v; draw_finals(); }),
        check_of("x logarithmic", false, v => { finals.log = v; draw_finals(); })),
        el("figure", {}, el("div", { class: "canvas" }, finals.canvas), make_key(), finals.caption));
    when_chosen(draw_finals);
}
