// Shows the products and searches while one types.

const list = document.querySelector("#products");
const form = document.querySelector("#search");

function card(product) {
  const item = document.createElement("li");
  const image = document.createElement("img");
  image.src = product.imageUrl;
  image.alt = "";
  image.addEventListener("error", () => image.remove());
  const name = document.createElement("h2");
  name.textContent = product.name;
  const price = document.createElement("p");
  price.textContent = `€${(product.priceCents / 100).toFixed(2)}`;
  item.append(image, name, price);
  return item;
}

async function show(search) {
  const query = search ? `?search=${encodeURIComponent(search)}` : "";
  const response = await fetch(`/products${query}`);
  const { products } = await response.json();
  list.replaceChildren(...products.map(card));
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => show(new FormData(form).get("search")));
show("");
