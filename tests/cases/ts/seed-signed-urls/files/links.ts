import { api } from "encore.dev/api";
import { uploads } from "./buckets";

interface Links {
  upload: string;
  download: string;
}

export const links = api({ expose: true, method: "GET" }, async (): Promise<Links> => {
  // Signed upload URL (expires in 2 hours)
  const uploadUrl = await uploads.signedUploadUrl("user-uploads/avatar.jpg", { ttl: 7200 });

  // Signed download URL
  const downloadUrl = await uploads.signedDownloadUrl("documents/report.pdf", { ttl: 7200 });

  return { upload: uploadUrl.url, download: downloadUrl.url };
});
