/** What a %thing% can be in; %why%. */
export type %Thing%Status = "%s1%" | "%s2%" | "%s3%";

/** One %thing% as the outside sees it. */
export interface %Thing% {
  id: string;
  name: string;
  status: %Thing%Status;
  ownerId: string;
  amountCents: number;
  tags: string[];
%fields%
  createdAt: Date;
  updatedAt: Date;
}

/** A row of `%table%`: the same in the database's own spelling. */
export interface %Thing%Row {
  id: string;
  name: string;
  status: %Thing%Status;
  owner_id: string;
  amount_cents: number;
  tags: string[];
%row_fields%
  created_at: Date;
  updated_at: Date;
}

export interface %Thing%Id {
  id: string;
}

/** What must be given to make a %thing%; the rest is filled in by the service. */
export interface Create%Thing%Request {
  name: string;
  ownerId: string;
  amountCents: number;
  tags?: string[];
%fields%
}

export interface Update%Thing%Request {
  id: string;
  name?: string;
  status?: %Thing%Status;
  amountCents?: number;
}

export interface List%Things%Request {
  limit?: number;
  cursor?: string;
  status?: %Thing%Status;
  ownerId?: string;
}

export interface List%Things%Response {
  %things%: %Thing%[];
  nextCursor?: string;
}

export interface %Thing%Summary {
  status: %Thing%Status;
  count: number;
  totalCents: number;
  oldest?: Date;
}
