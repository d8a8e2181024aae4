export const %thing%Files = new Bucket("%service%-files", { versioned: %bool% });

interface %Thing%File {
  path: string;
  size: number;
  contentType: string;
}

/** A link under which a browser puts the file itself; it ends after %int% minutes. */
export const upload%Thing%File = api(
  { expose: true, auth: true, method: "POST", path: "/%service%/files/:id" },
  async ({ id }: %Thing%Id): Promise<{ url: string; key: string }> => {
    const key = `%things%/${id}/${new Date().toISOString().slice(0, 10)}.%word%`;
    const { url } = await %thing%Files.signedUploadUrl(key, { ttl: %int% * 60 });
    return { url, key };
  },
);
//---
export const list%Thing%Files = api(
  { expose: true, auth: true, method: "GET", path: "/%service%/files/:id" },
  async ({ id }: %Thing%Id): Promise<{ files: %Thing%File[] }> => {
    const files: %Thing%File[] = [];
    for await (const entry of %thing%Files.list({ prefix: `%things%/${id}/`, limit: %big% })) {
      const attributes = await %thing%Files.attrs(entry.name);
      files.push({
        path: entry.name,
        size: entry.size,
        contentType: attributes.contentType ?? "application/octet-stream",
      });
    }
    return { files: files.sort((a, b) => b.size - a.size) };
  },
);
//---
/** Writes a report of today beside the files, as text that people can read. */
export async function store%Thing%Report(id: string, lines: readonly string[]): Promise<number> {
  const head = [`%Thing% ${id}`, "=".repeat(%int%), `made ${new Date().toUTCString()}`, ""];
  const body = Buffer.from([...head, ...lines].join("\n"), "utf8");
  await %thing%Files.upload(`reports/${id}.txt`, body, { contentType: "text/plain" });
  if (await %thing%Files.exists(`reports/${id}.old.txt`)) {
    await %thing%Files.remove(`reports/${id}.old.txt`);
  }
  return body.byteLength;
}
