import { APIError, api } from "encore.dev/api";
import { Bucket } from "encore.dev/storage/objects";

// Public: anyone may read an object when they know its URL. Writing still needs a permission.
export const productImages = new Bucket("product-images", {
  public: true,
  versioned: false,
});

const IMAGE_BYTES = 5 * 1024 * 1024;

export function imageName(productId: number): string {
  return `products/${productId}.jpg`;
}

/** Where a product's picture is shown from; costs no request. */
export function imageUrl(productId: number): string {
  return productImages.publicUrl(imageName(productId));
}

interface ImageParams {
  id: number;
}

interface UploadPermit {
  url: string;
}

/** A URL to which staff can send a picture with PUT, straight into the bucket, for ten minutes. */
export const permitImageUpload = api(
  { expose: true, auth: true, method: "POST", path: "/products/:id/image", tags: ["staff"] },
  async ({ id }: ImageParams): Promise<UploadPermit> => {
    return productImages.signedUploadUrl(imageName(id), { ttl: 600 });
  },
);

interface ImageState {
  url: string;
  bytes: number;
  contentType: string;
}

/** What was uploaded. A picture that is too large is thrown away and has to be sent again. */
export const checkImage = api(
  { expose: true, auth: true, method: "GET", path: "/products/:id/image", tags: ["staff"] },
  async ({ id }: ImageParams): Promise<ImageState> => {
    const name = imageName(id);
    if (!(await productImages.exists(name))) {
      throw APIError.notFound("there is no picture of this product yet");
    }
    const attrs = await productImages.attrs(name);
    if (attrs.size > IMAGE_BYTES) {
      await productImages.remove(name);
      throw APIError.failedPrecondition(`the picture had ${attrs.size} bytes and was removed`);
    }
    return {
      url: imageUrl(id),
      bytes: attrs.size,
      contentType: attrs.contentType ?? "application/octet-stream",
    };
  },
);
