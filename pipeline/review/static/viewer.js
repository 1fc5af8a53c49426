// The scan and its labels, drawn by NiiVue.

const { Niivue, DRAG_MODE } = globalThis.niivue;

const BACKGROUND = 0;

// Left, top, width, height: the short axis is what labels are judged on.
const PLANES = (nv, hasRender) => [
  { sliceType: nv.sliceTypeCoronal, position: [0, 0, 0.5, 1] },
  { sliceType: nv.sliceTypeSagittal, position: [0.5, 0, 0.5, 0.42] },
  { sliceType: nv.sliceTypeAxial, position: [0.5, 0.42, hasRender ? 0.2 : 0.5, 0.58] },
  ...(hasRender ? [{ sliceType: nv.sliceTypeRender, position: [0.7, 0.42, 0.3, 0.58] }] : []),
];

export class Viewer {
  /** @param {() => void} onStroke called after each stroke of the pen */
  constructor(onStroke) {
    this.onStroke = onStroke;
    this.colours = [];
    this.hidden = new Set();
    this.nv = new Niivue({
      backColor: [0, 0, 0, 1],
      crosshairColor: [0.35, 0.67, 1, 0.7],
      crosshairWidth: 0.6,
      fontColor: [0.8, 0.84, 0.9, 1],
      fontSizeScaling: 0.35,
      isOrientationTextVisible: false, // its L and R are sides of the body, not lateral
      isNearestInterpolation: false,
      dragAndDropEnabled: false, // files come from the server alone
      dragMode: DRAG_MODE.contrast,
      viewModeHotKey: "",
      clipPlaneHotKey: "",
      cycleClipPlaneHotKey: "",
      logLevel: "error",
      loadingText: "",
    });
    this.nv.onDrawingChanged = (action) => {
      if (action === "draw") this.onStroke();
    };
  }

  async attach(canvas) {
    await this.nv.attachToCanvas(canvas, false);
    this.nv.opts.isForceMouseClickToVoxelCenters = true;
    this.planes = PLANES(this.nv, !this.isSlow());
  }

  /** Whether the browser draws without a graphics processor; the 3-D view is then slow. */
  isSlow() {
    const { gl } = this.nv;
    const known = gl.getExtension("WEBGL_debug_renderer_info");
    return !known || /swiftshader|llvmpipe|software/i.test(gl.getParameter(known.UNMASKED_RENDERER_WEBGL));
  }

  /**
   * Show another foot. The former drawing is closed first, and the new labels must have the
   * shape of the new scan, so that the labels of one foot can never be drawn on another.
   */
  async show(scan, labels, shape) {
    const nv = this.nv;
    if (nv.drawBitmap) nv.closeDrawing();
    for (const volume of [...nv.volumes]) nv.removeVolume(volume);
    this.recolour();
    await nv.loadFromArrayBuffer(scan, "scan.nii");
    const dims = Array.from(nv.back.dims.slice(1, 4));
    const order = Array.from(nv.back.permRAS);
    if (dims.join() !== shape.join() || order.join() !== "1,2,3" || labels.length !== dims[0] * dims[1] * dims[2]) {
      nv.closeDrawing();
      throw new Error(`The labels must have the shape of the scan, ${dims}: got ${shape}. Load the page again.`);
    }
    nv.createEmptyDrawing();
    nv.drawBitmap.set(labels);
    this.centre(labels, dims);
    this.refresh();
  }

  get voxels() {
    return this.nv.drawBitmap;
  }

  refresh() {
    this.nv.refreshDrawing(true);
  }

  /** Go to the middle of the labelled voxels. */
  centre(labels, dims) {
    const low = [...dims], high = [0, 0, 0];
    let i = 0;
    for (let z = 0; z < dims[2]; z++)
      for (let y = 0; y < dims[1]; y++)
        for (let x = 0; x < dims[0]; x++, i++)
          if (labels[i] !== BACKGROUND) {
            if (x < low[0]) low[0] = x;
            if (x > high[0]) high[0] = x;
            if (y < low[1]) low[1] = y;
            if (y > high[1]) high[1] = y;
            if (z < low[2]) low[2] = z;
            if (z > high[2]) high[2] = z;
          }
    if (high[0] < low[0]) return;
    const middle = low.map((n, axis) => Math.round((n + high[axis]) / 2));
    this.nv.scene.crosshairPos = this.nv.vox2frac(middle);
  }

  /** Label of the voxel under the crosshair. */
  labelHere() {
    const [x, y, z] = this.nv.frac2vox(this.nv.scene.crosshairPos);
    const [nx, ny] = this.nv.back.dims.slice(1, 3);
    return this.voxels[x + nx * (y + ny * z)];
  }

  /** @param {{index: number, colour: string}[]} muscles */
  setColours(muscles) {
    this.colours = muscles;
  }

  /** NiiVue's own way of adding colours gives transparent ones, so the table itself is set. */
  recolour() {
    const lut = new Uint8ClampedArray(256 * 4);
    const labels = Array.from({ length: 256 }, (_, i) => String(i));
    for (const { index, colour } of this.colours) {
      const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
      lut.set([...rgb, this.hidden.has(index) ? 0 : 255], 4 * index);
    }
    this.nv.drawLut = { lut, labels, min: 0, max: 255 };
    if (this.nv.volumes.length) this.nv.updateGLVolume();
  }

  setOpacity(fraction) {
    this.nv.drawOpacity = fraction;
    this.nv.drawScene();
  }

  setView(view) {
    const nv = this.nv;
    const types = {
      coronal: nv.sliceTypeCoronal,
      axial: nv.sliceTypeAxial,
      sagittal: nv.sliceTypeSagittal,
      render: nv.sliceTypeRender,
    };
    nv.customLayout = view === "planes" ? this.planes : null;
    nv.setSliceType(types[view] ?? nv.sliceTypeMultiplanar);
  }

  /** @param {number | null} label what the pen draws, 0 to erase; null draws nothing */
  setPen(label, { isFilled = false, size = 3 } = {}) {
    const nv = this.nv;
    nv.opts.penSize = size;
    nv.setDrawingEnabled(label !== null);
    if (label !== null) nv.setPenValue(label, isFilled);
  }

  move(axis, steps) {
    const by = [0, 0, 0];
    by[axis] = steps;
    this.nv.moveCrosshairInVox(...by);
  }
}
