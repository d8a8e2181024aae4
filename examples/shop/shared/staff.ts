import { APIError, middleware } from "encore.dev/api";
import { getAuthData } from "~encore/auth";

/**
 * Refuses endpoints with the tag `staff` to everyone else. A service switches it on in its
 * `encore.service.ts`.
 */
export const staffOnly = middleware({ target: { tags: ["staff"] } }, async (request, next) => {
  if (!getAuthData()?.staff) {
    throw APIError.permissionDenied("only staff may do this");
  }
  return next(request);
});
