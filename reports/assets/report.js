// SPDX-License-Identifier: Apache-2.0
// Draws the plots and puts sortable tables over the plain ones; without it the page is complete but still.
(() => {
  "use strict";
  const text = {labelColor: "currentColor", titleColor: "currentColor", labelFontSize: 11, titleFontSize: 11, titleFontWeight: 400};
  // currentColor makes every plot follow the page into dark and onto paper.
  const config = {
    background: null,
    font: "system-ui, sans-serif",
    view: {stroke: null},
    axis: {...text, gridColor: "currentColor", gridOpacity: 0.13, domainColor: "currentColor", domainOpacity: 0.5,
           tickColor: "currentColor", tickOpacity: 0.5, labelOpacity: 0.8, titleOpacity: 0.8},
    text: {color: "currentColor", fontSize: 11},
  };

  const draw = (figure) => {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const place = figure.querySelector(".vega");
    const full = {width: "container", height: 220, autosize: {type: "fit", contains: "padding"}, ...spec, config};
    return vegaEmbed(place, full, {
      mode: "vega-lite", renderer: "svg", ast: true,
      actions: {export: {svg: true, png: false}, source: false, compiled: false, editor: false},
      downloadFileName: figure.closest("section").id,
    });
  };

  for (const panels of document.querySelectorAll(".panels")) {
    panels.classList.add("drawn");
    Promise.all([...panels.querySelectorAll(".plot")].map(draw)).then(
      () => {
        const values = panels.nextElementSibling;
        if (values && values.matches("details.values")) values.open = false;
        panels.dataset.state = "drawn";
      },
      (error) => {
        console.error(error);
        panels.classList.remove("drawn");
        panels.dataset.state = "failed";
      });
  }

  const key = (cell) => (cell.dataset.sort === undefined ? cell.textContent.trim() : Number(cell.dataset.sort));
  const compare = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? 1 : -1);

  // The table's library takes titles and choices for markup; what a record says is text.
  const textNode = (text) => Object.assign(document.createElement("span"), {textContent: text});
  const narrow = matchMedia("(max-width: 34rem)").matches;

  const enhance = (plain) => {
    const heads = [...plain.tHead.rows[0].cells];
    const rows = [...plain.tBodies[0].rows].map((row, index) => {
      const record = {id: index, css: row.className};
      [...row.cells].forEach((cell, column) => {
        record["h" + column] = cell.innerHTML;
        record["k" + column] = key(cell);
        record["c" + column] = cell.className;
        record["t" + column] = cell.textContent.trim();
      });
      return record;
    });
    // On a phone a stacked column goes beneath the first one, so that the numbers come into view.
    const under = narrow ? heads.findIndex((head) => head.hasAttribute("data-stack")) : -1;
    const columns = heads.map((head, column) => ({
      title: "",
      titleFormatter: () => textNode(head.textContent),
      field: "k" + column,
      frozen: column === 0,
      visible: column !== under,
      headerWordWrap: true,
      ...((narrow || head.classList.contains("number")) && {maxInitialWidth: 112}),
      hozAlign: head.classList.contains("number") ? "right" : "left",
      headerHozAlign: head.classList.contains("number") ? "right" : "left",
      // The first click puts the best on top: the largest numbers, but for a column in which less is better.
      headerSortStartingDir: head.classList.contains("number") && !head.hasAttribute("data-lower") ? "desc" : "asc",
      sorter: compare,
      formatter: (cell) => {
        const record = cell.getData();
        if (record["c" + column]) cell.getElement().classList.add(...record["c" + column].split(" "));
        return record["h" + column] + (column === 0 && under > 0 ? `<span class="under">${record["h" + under]}</span>` : "");
      },
      ...(head.hasAttribute("data-filter") && {
        headerFilter: "list",
        headerFilterParams: {valuesLookup: true, clearable: true, sort: false, itemFormatter: (label) => textNode(label)},
        headerFilterPlaceholder: "all",
        headerFilterFunc: (wanted, value) => wanted === "" || wanted === undefined || wanted === null || String(value) === String(wanted),
      }),
    }));
    const place = document.createElement("div");
    plain.parentElement.before(place);
    const table = new Tabulator(place, {
      data: rows, columns, layout: "fitDataTable", placeholder: "No row fits the filter",
      rowFormatter: (row) => row.getData().css && row.getElement().classList.add(...row.getData().css.split(" ")),
    });
    table.on("tableBuilt", () => plain.parentElement.classList.add("print-only"));
  };
  document.querySelectorAll("table.interactive").forEach(enhance);
})();
