import { api } from "encore.dev/api";
import { db } from "./db";

interface User {
  id: number;
  email: string;
}

interface Users {
  users: User[];
}

export const listUsers = api(
  { expose: true, method: "GET", path: "/users" },
  async (): Promise<Users> => {
    const users = await db.queryAll<User>`SELECT id, email FROM users ORDER BY id`;
    return { users };
  },
);
