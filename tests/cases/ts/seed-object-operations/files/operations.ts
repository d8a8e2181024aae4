import { api } from "encore.dev/api";
import { publicAssets, uploads } from "./buckets";

export const tour = api({ expose: true }, async (): Promise<void> => {
  const buffer = Buffer.from("a picture");

  // Upload
  const attrs = await uploads.upload("path/to/file.jpg", buffer, {
    contentType: "image/jpeg",
  });
  console.log(attrs.size);

  // Download
  const data = await uploads.download("path/to/file.jpg");
  console.log(data.length);

  // Check existence
  const exists = await uploads.exists("path/to/file.jpg");
  console.log(exists);

  // Delete
  await uploads.remove("path/to/file.jpg");

  // List objects
  for await (const entry of uploads.list({})) {
    console.log(entry.name, entry.size);
  }

  // Public URL (only for public buckets)
  const url = publicAssets.publicUrl("image.jpg");
  console.log(url);
});

export const describe = api({ expose: true }, async (): Promise<void> => {
  // Get attributes (size, content type, ETag)
  const attrs = await uploads.attrs("path/to/file.jpg");
  console.log(attrs.contentType, attrs.etag);
});
