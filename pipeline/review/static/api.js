// Requests to the server. Every answer that is not a success becomes an ApiError with a sentence.

export class ApiError extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new ApiError(0, "The review must still be running: got no answer. Start footvol review again.");
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  let sentence = text;
  try {
    sentence = JSON.parse(text).error;
  } catch { /* a plain sentence */ }
  throw new ApiError(answer.status, sentence);
}

const json = async (path, options) => (await request(path, options)).json();

export const listFeet = () => json("/api/feet");
export const writeTables = () => json("/api/tables", { method: "POST" });

export async function loadFoot(key) {
  const base = `/api/feet/${key}`;
  const [facts, scan, labels] = await Promise.all([
    json(base),
    request(`${base}/scan.nii`).then((answer) => answer.arrayBuffer()),
    request(`${base}/labels`).then(async (answer) => ({
      sha256: answer.headers.get("ETag").replaceAll('"', ""),
      voxels: new Uint8Array(await answer.arrayBuffer()),
    })),
  ]);
  return { key, facts, scan, labels: labels.voxels, sha256: labels.sha256 };
}

export const decide = (key, decision) =>
  json(`/api/feet/${key}/decision`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(decision),
  });

export const saveLabels = (key, voxels, sha256, seconds) =>
  json(`/api/feet/${key}/labels`, {
    method: "PUT",
    headers: {
      "Content-Type": "application/octet-stream",
      "If-Match": `"${sha256}"`,
      "X-Seconds": seconds.toFixed(1),
    },
    body: voxels,
  });
