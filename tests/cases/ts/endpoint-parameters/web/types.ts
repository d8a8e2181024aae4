export interface ById {
  id: string;
}
export interface Named extends ById {
  name: string;
}
