/* figure.js - curves over steps or tokens, by Chart.js: what is under the pointer
 * (or chosen by the arrow keys) is told, and the values stand in a table, too. */
const X_AXES = [["step", "step"], ["step-log", "step, logarithmic"],
    ["tokens", "tokens"], ["tokens-log", "tokens, logarithmic"]];
const curves = { x: "step", singles: false, figures: [] };
/* Bands of more groups hide each other. */
const TABLE_ROWS = 25, MARKS_A_CURVE = 7, BANDS_MOST = 8;

Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;
Chart.defaults.plugins.legend.display = false;

const is_log = () => curves.x.endsWith("-log");
const x_name = () => curves.x.replace("-log", "");

/* {x, y} of a curve; what a logarithmic axis cannot show is left out. */
function points_of(curve, shift) {
    const points = [];
    for (let i = 0; i < curve.step.length; i++) {
        const x = x_name() === "tokens" ? curve.tokens[i] : curve.step[i];
        const y = curve.value[i] + (shift ? shift * curve.spread[i] : 0);
        if (x !== null && !(is_log() && x <= 0))
            points.push({ x, y: Number.isFinite(y) ? y : NaN, i });
    }
    return points;
}

/* Marks stand at a few points, at others than the marks of other groups. */
function radius_of(group, n) {
    const every = Math.max(1, Math.ceil(n / MARKS_A_CURVE));
    return at => at.dataIndex % every === group.number % every || n === 1 ? 4 : 0;
}

function line_of(group, owner, curve, look) {
    const data = points_of(curve, 0);
    return { owner, curve, group, data, label: owner.label || owner.name,
             borderColor: look.colour, pointBackgroundColor: look.hollow ? colour("back") : look.colour,
             pointBorderColor: look.colour, borderDash: look.dash, pointStyle: look.mark,
             pointRadius: radius_of(group, data.length), pointHoverRadius: 6,
             clip: 8, /* marks at an edge are whole */
             borderWidth: owner === group ? 2 : 1.2, order: 1 };
}

/* Edges of mean and spread; the second fills what lies between. */
function band_of(group, curve, look) {
    const edge = { group, is_band: true, pointRadius: 0, pointHoverRadius: 0, borderWidth: 0,
                   order: 2, backgroundColor: faint(look.colour, 0.16) };
    return [Object.assign({ data: points_of(curve, -1), fill: false }, edge),
            Object.assign({ data: points_of(curve, 1), fill: "-1" }, edge)];
}

function lines_of(name) {
    const sets = [];
    for (const group of shown_groups()) {
        const look = look_of(group), mean = group.curves[name];
        const owners = curves.singles ? group.members : [group];
        if (mean && mean.spread && !curves.singles && shown_groups().length <= BANDS_MOST)
            sets.push(...band_of(group, mean, look));
        for (const owner of owners)
            if (owner.curves[name])
                sets.push(line_of(group, owner, owner.curves[name], look));
    }
    return sets;
}

function axis_style() {
    return { grid: { color: colour("grid"), borderColor: colour("line") },
             ticks: { color: colour("quiet"), maxRotation: 0 } };
}

function tell_point(point, column) {
    const set = point.dataset, curve = set.curve, i = set.data[point.dataIndex].i;
    const spread = curve.spread ? show_spread(curve.spread[i], column) : "";
    return set.label + ": " + show_value(curve.value[i], column) +
        (spread ? " " + spread + " (n = " + curve.n + ")" : "");
}

function options_of(figure, sets) {
    const column = column_of(figure.column);
    const x = axis_style(), y = axis_style();
    x.type = is_log() ? "logarithmic" : "linear";
    x.title = { display: true, text: X_AXES.find(a => a[0] === curves.x)[1], color: colour("text") };
    label_ticks(x, false);
    y.type = figure.log ? "logarithmic" : "linear";
    y.title = { display: true, color: colour("text"), text: title_of(column) };
    label_ticks(y, column.share);
    const heights = are_bands => sets.filter(d => !!d.is_band === are_bands).flatMap(d => d.data.map(p => p.y));
    figure.is_cut = bound_share(y, column, heights(false), heights(true));
    return {
        parsing: false, normalized: true, spanGaps: false,
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: { x, y },
        plugins: { tooltip: {
            filter: p => !p.dataset.is_band,
            itemSort: (a, b) => b.parsed.y - a.parsed.y,
            callbacks: {
                title: p => p.length ? x_name() + " " + p[0].parsed.x.toLocaleString("en") : "",
                label: p => tell_point(p, column),
            } } },
    };
}

function draw_figure(figure) {
    const data = { datasets: lines_of(figure.column) };
    const options = options_of(figure, data.datasets);
    if (figure.chart) {
        figure.chart.data = data;
        figure.chart.options = options;
        figure.chart.update();
    } else {
        figure.chart = new Chart(figure.canvas, { type: "line", data, options });
    }
    const column = column_of(figure.column);
    const drawn = data.datasets.filter(d => !d.is_band);
    figure.caption.textContent = caption_of(column) +
        (drawn.length ? "" : ". Nothing that is shown has measured it.") +
        (figure.is_cut ? ". Bands are cut where a share ends, at 0 or 100 %." : "");
    figure.canvas.setAttribute("aria-label", column.name + " over " + x_name() + ", " + drawn.length +
        " curves. At the end: " + (drawn.slice(0, 12).map(d => tell_point(
            { dataset: d, dataIndex: d.data.length - 1 }, column)).join("; ") || "none") +
        ". Arrow keys go from point to point.");
    if (figure.table.open)
        fill_values(figure);
}

/* ---- the keyboard -------------------------------------------------------- */

function places_of(figure) {
    const all = new Set();
    for (const set of figure.chart.data.datasets)
        if (!set.is_band)
            set.data.forEach(p => all.add(p.x));
    return [...all].sort((a, b) => a - b);
}

function go_to(figure, x) {
    const active = [];
    figure.chart.data.datasets.forEach((set, datasetIndex) => {
        const index = set.is_band ? -1 : set.data.findIndex(p => p.x === x);
        if (index >= 0 && Number.isFinite(set.data[index].y))
            active.push({ datasetIndex, index });
    });
    figure.chart.setActiveElements(active);
    figure.chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
    figure.chart.update();
    const column = column_of(figure.column);
    say(x_name() + " " + x + ": " + active.slice(0, 12).map(a => tell_point(
        { dataset: figure.chart.data.datasets[a.datasetIndex], dataIndex: a.index }, column)).join("; "));
}

function on_key(figure, event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    const places = places_of(figure);
    if (!by || !places.length)
        return;
    event.preventDefault();
    const now = figure.at === undefined ? (by > 0 ? -1 : places.length) : figure.at;
    figure.at = Math.max(0, Math.min(places.length - 1, now + by));
    go_to(figure, places[figure.at]);
}

/* ---- the same in a table ------------------------------------------------- */

function fill_values(figure) {
    const column = column_of(figure.column);
    const sets = figure.chart.data.datasets.filter(d => !d.is_band);
    let places = places_of(figure);
    if (places.length > TABLE_ROWS)
        places = places.filter((x, i) => i === places.length - 1 ||
            i % Math.ceil(places.length / TABLE_ROWS) === 0);
    const at = sets.map(d => new Map(d.data.map(p => [p.x, p.i])));
    figure.table.lastChild.replaceChildren(el("table", {},
        el("thead", {}, el("tr", {}, el("th", { class: "number" }, x_name()),
            ...sets.map(d => el("th", { class: "number" }, d.label)))),
        el("tbody", {}, ...places.map(x => el("tr", {},
            el("th", { class: "number", scope: "row" }, x.toLocaleString("en")),
            ...sets.map((d, k) => el("td", { class: "number" }, at[k].has(x)
                ? show_value(d.curve.value[at[k].get(x)], column) : "\u2013")))))));
}

/* ---- the section --------------------------------------------------------- */

function make_figure(column, parent) {
    const figure = { column, log: false };
    const names = column_options(report.head.columns.map(c => c.name));
    figure.canvas = el("canvas", { tabindex: 0, role: "application",
        "aria-roledescription": "chart", onkeydown: e => on_key(figure, e) });
    figure.caption = el("figcaption", {});
    figure.table = el("details", { ontoggle: () => figure.table.open && fill_values(figure) },
        el("summary", {}, "The values as a table"), el("div", { class: "scroll", tabindex: 0 }));
    parent.append(el("figure", {},
        el("div", { class: "controls" },
            select_of("metric", names, column, v => { figure.column = v; draw_figure(figure); }),
            check_of("logarithmic", false, v => { figure.log = v; draw_figure(figure); })),
        el("div", { class: "canvas" }, figure.canvas), figure.caption, figure.table));
    curves.figures.push(figure);
    return figure;
}

function draw_figures() {
    curves.figures.forEach(draw_figure);
}

/* The names of groups with their marks, to show and hide. */
function fill_legend(list, state) {
    list.replaceChildren(...report.groups.filter(g => g.label.toLowerCase().includes(state.wanted))
        .map(g => {
            const box = el("input", { type: "checkbox", onchange: () => {
                chosen.groups[box.checked ? "add" : "delete"](g.number);
                tell_chosen();
            } });
            box.checked = chosen.groups.has(g.number);
            const last = final_of(g, report.head.metric);
            return el("li", {}, el("label", {}, box, swatch(g), el("span", {}, g.label +
                (report.head.single ? "" : " (n = " + g.counted + ")")), el("span", { class: "quiet" },
                last ? show_value(last.value, column_of(report.head.metric)) : "")));
        }));
    state.count.textContent = shown_groups().length + " of " + report.groups.length + " shown" +
        (shown_groups().length < report.groups.length ? ", those that are ticked" : "");
}

function choose(numbers) {
    chosen.groups = new Set(numbers);
    tell_chosen();
}

function make_legend(parent) {
    const state = { wanted: "", count: el("span", { class: "quiet", "aria-live": "polite" }) };
    const list = el("ul", { class: "legend", "aria-label": "curves to show" });
    const some = n => report.groups.slice(0, n).map(g => g.number);
    const controls = el("div", { class: "controls" },
        el("button", { type: "button", onclick: () => choose(some(Infinity)) }, "All"),
        el("button", { type: "button", onclick: () => choose([]) }, "None"));
    if (report.groups.length > SHOWN_AT_FIRST) {
        const search = el("input", { type: "search", oninput: () => {
            state.wanted = search.value.toLowerCase();
            fill_legend(list, state);
        } });
        controls.append(el("button", { type: "button", onclick: () => choose(some(SHOWN_AT_FIRST)) },
            "First " + SHOWN_AT_FIRST), el("label", {}, "find", search));
    }
    controls.append(state.count);
    parent.append(controls, list);
    when_chosen(() => fill_legend(list, state));
}

function make_curves(section) {
    const figures = el("div", { class: "figures" });
    const controls = el("div", { class: "controls" },
        select_of("x axis", X_AXES, curves.x, v => { curves.x = v; draw_figures(); }));
    if (!report.head.single)
        controls.append(check_of("single runs, not means", false,
            v => { curves.singles = v; by_id("lines").hidden = v; draw_figures(); }));
    section.append(controls);
    make_legend(section);
    section.append(figures);
    if (!report.head.single)
        section.append(el("p", { class: "quiet", id: "lines" }, "Line: mean over the runs of a group, at steps that " +
            "all of them measured; band: \u00b1 sample standard deviation" +
            (report.groups.length > BANDS_MOST ? ", where at most " + BANDS_MOST + " groups are shown." : ".")));
    section.append(el("p", { class: "quiet" }, "A logarithmic axis shows no step 0." + (report.head.points
        ? " Curves are thinned: of each at most " + report.head.points + " points are shown, the first " +
          "and the last among them; all are in the runs' files." : "")));
    make_figure(report.head.metric, figures);
    if (report.head.loss !== report.head.metric)
        make_figure(report.head.loss, figures);
    when_chosen(draw_figures);
}
